(* Allocation: trees that live for a while, arrays of arrays, maps; the collector has work to do. *)

type tree = Leaf | Node of tree * int * tree

module Names = Map.Make (String)

let rec build depth key = if depth = 0 then Leaf else Node (build (depth - 1) (2 * key), key, build (depth - 1) ((2 * key) + 1))
let rec sum = function Leaf -> 0 | Node (left, key, right) -> sum left + key + sum right

let kept = Array.make 16 Leaf

let once round =
  let tree = build 11 (round + 1) in
  kept.(round land 15) <- tree;
  let names = List.fold_left (fun names i -> Names.add (string_of_int (i * 7919 mod 1009)) i names) Names.empty (List.init 500 Fun.id) in
  let rows = Array.init 60 (fun i -> Array.make (i + 1) round) in
  Array.fold_left (fun total row -> total + Array.length row) (sum tree) rows + Names.cardinal names
  + List.length (List.sort_uniq compare (List.rev_map (fun i -> i * i mod 97) (List.init 300 Fun.id)))

let run rounds =
  let total = ref 0 in
  for round = 1 to rounds do
    total := (!total + once round) land 0xfffffff
  done;
  Gc.full_major ();
  Printf.printf "trees %d %d\n" !total (Array.fold_left (fun all tree -> all lxor sum tree) 0 kept)
