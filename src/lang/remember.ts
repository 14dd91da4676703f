// Values that are worked out once and kept as long as what they are made of stays the same object.

/** The function with the answer to its last argument remembered. */
export const rememberLast = <A, B>(make: (from: A) => B): ((from: A) => B) => {
  let last: { readonly from: A; readonly made: B } | undefined;
  return (from) => {
    if (!last || last.from !== from) last = { from, made: make(from) };
    return last.made;
  };
};

/** The function with the answers to all its arguments remembered, while the arguments live. */
export const rememberEach = <A extends object, B>(make: (from: A) => B): ((from: A) => B) => {
  const made = new WeakMap<A, { readonly value: B }>();
  return (from) => {
    const known = made.get(from) ?? { value: make(from) };
    made.set(from, known);
    return known.value;
  };
};
