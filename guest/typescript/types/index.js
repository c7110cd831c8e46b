// Declarations are all there is.
export const declarations = "solo5/guest";
