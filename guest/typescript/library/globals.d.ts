// What the engine has that TypeScript declares only together with a page.

declare class DOMException extends Error {
  constructor(message?: string, name?: string);
}
