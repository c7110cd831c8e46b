(* Effects: a generator, state, a scheduler of threads; each switches stacks. *)
open Effect
open Effect.Deep

type _ Effect.t +=
  | Yield : int -> unit Effect.t
  | Get : int Effect.t
  | Put : int -> unit Effect.t
  | Fork : (unit -> unit) -> unit Effect.t

let sum_of generate =
  let total = ref 0 in
  match generate () with
  | () -> !total
  | effect Yield n, k ->
      total := (!total + n) land 0xffffff;
      continue k ()

let with_state (initial : int) f =
  let state = ref initial in
  (match f () with
  | () -> ()
  | effect Get, k -> continue k !state
  | effect Put n, k ->
      state := n;
      continue k ());
  !state

let scheduled main =
  let ready = Queue.create () and switches = ref 0 in
  let next () = if not (Queue.is_empty ready) then (Queue.pop ready) () in
  let rec spawn f =
    match f () with
    | () -> next ()
    | exception Failure _ -> next ()
    | effect Yield _, k ->
        incr switches;
        Queue.push (fun () -> continue k ()) ready;
        next ()
    | effect Fork f, k ->
        Queue.push (fun () -> continue k ()) ready;
        spawn f
  in
  spawn main;
  !switches

let repeat n f =
  for i = 1 to n do
    f i
  done

let once () =
  let generated = sum_of (fun () -> repeat 300 (fun i -> perform (Yield (i * i)))) in
  let state = with_state 1 (fun () -> repeat 200 (fun i -> perform (Put (((perform Get * 3) + i) land 0xffff)))) in
  let worker n () =
    repeat 10 (fun _ -> perform (Yield 0));
    if n mod 5 = 0 then failwith "a thread fails"
  in
  let switches = scheduled (fun () -> repeat 30 (fun n -> perform (Fork (worker n)))) in
  (generated * 31) + state + switches

let run rounds =
  let total = ref 0 in
  for _ = 1 to rounds do
    total := ((!total * 31) + once ()) land 0xfffffff
  done;
  Printf.printf "effects %d\n" !total
