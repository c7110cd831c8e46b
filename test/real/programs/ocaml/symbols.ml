(* Symbolic: expressions, their derivatives, closures, exceptions. *)

type expr = Num of int | Var of string | Add of expr * expr | Mul of expr * expr | Pow of expr * int

exception Unbound of string

let rec derive x = function
  | Num _ -> Num 0
  | Var y -> Num (if x = y then 1 else 0)
  | Add (a, b) -> Add (derive x a, derive x b)
  | Mul (a, b) -> Add (Mul (derive x a, b), Mul (a, derive x b))
  | Pow (_, 0) -> Num 0
  | Pow (a, n) -> Mul (Num n, Mul (Pow (a, n - 1), derive x a))

let rec simplify = function
  | Add (a, b) -> (
      match simplify a, simplify b with
      | Num 0, e | e, Num 0 -> e
      | Num a, Num b -> Num (a + b)
      | a, b -> Add (a, b))
  | Mul (a, b) -> (
      match simplify a, simplify b with
      | Num 0, _ | _, Num 0 -> Num 0
      | Num 1, e | e, Num 1 -> e
      | Num a, Num b -> Num (a * b)
      | a, b -> Mul (a, b))
  | Pow (_, 0) -> Num 1
  | Pow (a, 1) -> simplify a
  | Pow (a, n) -> Pow (simplify a, n)
  | e -> e

(* An expression as a function of its environment. *)
let rec compile = function
  | Num n -> fun _ -> n
  | Var x -> fun env -> ( match List.assoc_opt x env with Some n -> n | None -> raise (Unbound x))
  | Add (a, b) ->
      let a = compile a and b = compile b in
      fun env -> (a env + b env) land 0xffffff
  | Mul (a, b) ->
      let a = compile a and b = compile b in
      fun env -> a env * b env land 0xffffff
  | Pow (a, n) ->
      let a = compile a in
      fun env ->
        let base = a env in
        let rec power n = if n = 0 then 1 else base * power (n - 1) land 0xffffff in
        power n

let rec size = function
  | Num _ | Var _ -> 1
  | Add (a, b) | Mul (a, b) -> 1 + size a + size b
  | Pow (a, _) -> 1 + size a

let rec polynomial depth =
  if depth = 0 then Add (Var "x", Num 3)
  else Mul (Add (Pow (Var "x", depth), Mul (Num depth, Var "y")), polynomial (depth - 1))

let once round =
  let e = polynomial 5 in
  let d = simplify (derive "x" (simplify (derive "y" e))) in
  let f = compile d in
  let hash = ref (size d) in
  for i = 1 to 40 do
    let env = if i mod 4 = 0 then [ ("x", i) ] else [ ("x", i); ("y", round + i) ] in
    match f env with
    | value -> hash := ((!hash * 31) + value) land 0xfffffff
    | exception Unbound x -> hash := (!hash * 7) + String.length x land 0xfffffff
  done;
  !hash

let run rounds =
  let total = ref 0 in
  for round = 1 to rounds do
    total := ((!total * 31) + once round) land 0xfffffff
  done;
  Printf.printf "symbols %d\n" !total
