let () =
  let rounds = if Array.length Sys.argv > 2 then int_of_string Sys.argv.(2) else 1 in
  (match if Array.length Sys.argv > 1 then Sys.argv.(1) else "" with
  | "tables" -> Tables.run rounds
  | "floats" -> Floats.run rounds
  | "symbols" -> Symbols.run rounds
  | "trees" -> Trees.run rounds
  | "edges" -> Edges.run ~overflows:false rounds
  | _ -> prerr_endline "usage: WORKLOAD [ROUNDS]"; exit 2);
  (* What is an object file ends as the program that has it in does: nothing is flushed then. *)
  exit 0
