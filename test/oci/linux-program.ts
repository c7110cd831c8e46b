// A Linux program for containers that are no unikernels, and for hooks in them: static, since a rootfs has nothing else. With a path it
// writes the host's name there; without, it does nothing for ever.
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

const source = `#include <fcntl.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    char name[65] = "";
    if (argc < 2)
        for (;;)
            pause();
    gethostname(name, sizeof name - 1);
    int fd = open(argv[1], O_WRONLY | O_CREAT, 0644);
    return write(fd, name, strlen(name)) < 0;
}
`;

/** Compiles it in `folder`; needs gcc. */
export function linuxProgram(folder: string): string {
  const path = join(folder, "linux-program");
  writeFileSync(`${path}.c`, source);
  execFileSync("gcc", ["-static", "-O1", `${path}.c`, "-o", path], { stdio: "pipe" });
  return path;
}
