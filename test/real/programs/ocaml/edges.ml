(* What ends a program or nearly: deep recursion, memory that is not there, conversions that fail, marshalling, exit. *)

let rec deep n = if n = 0 then 0 else 1 + deep (n - 1)
let rec endless n = 1 + endless (n + 1)

let outcome name f =
  match f () with
  | value -> Printf.printf "%s: %s\n" name value
  | exception Stack_overflow -> Printf.printf "%s: stack overflow\n" name
  | exception Out_of_memory -> Printf.printf "%s: out of memory\n" name
  | exception (Failure why | Invalid_argument why) -> Printf.printf "%s: %s\n" name why
  | exception Division_by_zero -> Printf.printf "%s: division by zero\n" name

let run ~overflows rounds =
  let divisor = Sys.opaque_identity (rounds - rounds) in
  outcome "deep" (fun () -> string_of_int (deep 20000));
  if overflows then outcome "endless" (fun () -> string_of_int (endless 0));
  outcome "memory" (fun () -> string_of_int (Bytes.length (Bytes.create (1 lsl 40))));
  outcome "number" (fun () -> string_of_int (int_of_string "12x"));
  outcome "division" (fun () -> string_of_int (1 / divisor));
  outcome "bounds" (fun () -> String.make 1 (String.get "abc" (Sys.opaque_identity 3)));
  outcome "marshal" (fun () ->
      let value = List.init 1000 (fun i -> (i, string_of_int i, [| float i |])) in
      let copy : (int * string * float array) list = Marshal.from_string (Marshal.to_string value []) 0 in
      string_of_bool (copy = value));
  outcome "float" (fun () -> Printf.sprintf "%.17g %h %s" (4. *. atan 1.) (exp 1.) (string_of_float (10. ** 300. *. 10. ** 10.)));
  at_exit (fun () -> print_endline "at exit");
  if rounds = 7 then failwith "not caught";
  exit rounds
