// What is remembered of indirect calls, and what another thread is told of it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { CallProfile } from "./call-profile.js";

const SITE = 0x100;

test("all targets of a call are functions, the first of them those that it is compared with", () => {
  const isa = { transferAt: () => "callTo" as const };
  const [profile, other] = [new CallProfile(isa, new Uint8Array()), new CallProfile(isa, new Uint8Array())];
  const targets = Array.from({ length: 100 }, (_, n) => 0x1000 + n);
  for (const target of [...targets, ...targets]) profile.jumped(0, SITE, target, true);
  const news = profile.takeNews();
  assert.equal(news.length, targets.length);
  other.put(news);
  for (const one of [profile, other]) {
    assert.ok(targets.every((target) => one.isCalled(target)));
    assert.deepEqual(one.targetsOf(SITE), targets.slice(0, 8));
    assert.ok(!one.isCalled(SITE));
  }
  assert.equal(profile.takeNews().length, 0);
});
