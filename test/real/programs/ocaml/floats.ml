(* Floating point: planets, matrices, functions of the C library. *)

type body = { mutable x : float; mutable y : float; mutable vx : float; mutable vy : float; mass : float }

let bodies =
  Array.init 6 (fun i ->
      let angle = float i *. 1.1 in
      { x = cos angle *. float (i + 1); y = sin angle *. float (i + 1); vx = -.sin angle; vy = cos angle;
        mass = 1. /. float (i + 1) })

let step dt =
  Array.iteri
    (fun i a ->
      for j = i + 1 to Array.length bodies - 1 do
        let b = bodies.(j) in
        let dx = a.x -. b.x and dy = a.y -. b.y in
        let square = (dx *. dx) +. (dy *. dy) +. 0.01 in
        let pull = dt /. (square *. sqrt square) in
        a.vx <- a.vx -. (dx *. b.mass *. pull);
        a.vy <- a.vy -. (dy *. b.mass *. pull);
        b.vx <- b.vx +. (dx *. a.mass *. pull);
        b.vy <- b.vy +. (dy *. a.mass *. pull)
      done)
    bodies;
  Array.iter
    (fun body ->
      body.x <- body.x +. (dt *. body.vx);
      body.y <- body.y +. (dt *. body.vy))
    bodies

let multiply a b =
  let n = Array.length a in
  Array.init n (fun i ->
      Array.init n (fun j ->
          let sum = ref 0. in
          for k = 0 to n - 1 do
            sum := !sum +. (a.(i).(k) *. b.(k).(j))
          done;
          !sum))

let once () =
  for _ = 1 to 200 do
    step 0.001
  done;
  let m = Array.init 20 (fun i -> Array.init 20 (fun j -> 1. /. float (i + j + 1))) in
  let product = multiply m (multiply m m) in
  let integral = ref 0. in
  for i = 1 to 300 do
    integral := !integral +. Float.of_int (truncate (Float.rem (float i *. 1.7) 5.)) +. floor (float i /. 3.)
  done;
  product.(3).(7) +. !integral

let run rounds =
  let last = ref 0. in
  for _ = 1 to rounds do
    last := once ()
  done;
  Printf.printf "floats %.9f %.6f %h\n" !last (bodies.(0).x *. 1e-3) (floor (bodies.(3).y *. 1e3))
