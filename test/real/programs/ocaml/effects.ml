(* Effects: generators, a scheduler of threads, state; each switches stacks. *)
open Effect
open Effect.Deep

type _ Effect.t += Yield : int -> unit Effect.t | Get : int Effect.t | Put : int -> unit Effect.t | Fork : (unit -> unit) -> unit Effect.t

let sum_of generate =
  let total = ref 0 in
  match_with generate ()
    { retc = (fun () -> !total);
      exnc = raise;
      effc =
        (fun (type a) (effect : a Effect.t) ->
          match effect with
          | Yield n ->
              Some
                (fun (k : (a, _) continuation) ->
                  total := (!total + n) land 0xffffff;
                  continue k ())
          | _ -> None) }

let with_state initial f =
  let state = ref initial in
  try_with f ()
    { effc =
        (fun (type a) (effect : a Effect.t) ->
          match effect with
          | Get -> Some (fun (k : (a, _) continuation) -> continue k !state)
          | Put n -> Some (fun (k : (a, _) continuation) -> state := n; continue k ())
          | _ -> None) };
  !state

let scheduled main =
  let ready = Queue.create () and switches = ref 0 in
  let next () = if not (Queue.is_empty ready) then (Queue.pop ready) () in
  let rec spawn f =
    match_with f ()
      { retc = next;
        exnc = (fun _ -> next ());
        effc =
          (fun (type a) (effect : a Effect.t) ->
            match effect with
            | Yield _ ->
                Some
                  (fun (k : (a, _) continuation) ->
                    incr switches;
                    Queue.push (fun () -> continue k ()) ready;
                    next ())
            | Fork f ->
                Some
                  (fun (k : (a, _) continuation) ->
                    Queue.push (fun () -> continue k ()) ready;
                    spawn f)
            | _ -> None) }
  in
  spawn main;
  !switches

let once () =
  let generated = sum_of (fun () -> for i = 1 to 300 do perform (Yield (i * i)) done) in
  let state = with_state 1 (fun () -> for i = 1 to 200 do perform (Put ((perform Get * 3) + i land 0xffff)) done) in
  let worker n () =
    for _ = 1 to 10 do perform (Yield 0) done;
    if n mod 5 = 0 then failwith "a thread fails"
  in
  let switches = scheduled (fun () -> for n = 1 to 30 do perform (Fork (worker n)) done) in
  (generated * 31) + (state land 0xffff) + switches

let run rounds =
  let total = ref 0 in
  for _ = 1 to rounds do
    total := ((!total * 31) + once ()) land 0xfffffff
  done;
  Printf.printf "effects %d\n" !total
