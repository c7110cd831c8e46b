(* Hash tables and strings. *)

let seed = ref 11

let random limit =
  seed := !seed * 16807 mod 2147483647;
  !seed mod limit

let once () =
  let counts = Hashtbl.create 16 in
  for i = 1 to 2000 do
    let key = Printf.sprintf "key-%d" (random 700) in
    let had = try Hashtbl.find counts key with Not_found -> 0 in
    Hashtbl.replace counts key (had + i)
  done;
  let lines = Hashtbl.fold (fun key count rest -> (key, count) :: rest) counts [] |> List.sort compare in
  let text = String.concat "," (List.map (fun (key, count) -> key ^ "=" ^ string_of_int count) lines) in
  let fields = String.split_on_char ',' text in
  let buffer = Buffer.create 64 in
  List.iteri (fun i field -> if i mod 3 = 0 then Buffer.add_string buffer (String.uppercase_ascii field)) fields;
  Digest.to_hex (Digest.string (Buffer.contents buffer)), List.length fields

let run rounds =
  let last = ref ("", 0) in
  for _ = 1 to rounds do
    last := once ()
  done;
  Printf.printf "tables %s %d\n" (fst !last) (snd !last)
