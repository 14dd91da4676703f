// Objects while they are being built: the API's types, but writable. Only defaulting and admission see them so.

/** T with everything in it writable. */
export type Mutable<T> = T extends readonly (infer Item)[]
  ? Mutable<Item>[]
  : T extends object
    ? { -readonly [Key in keyof T]: Mutable<T[Key]> }
    : T;
