// Which names of policies a name of DNS is one of.

/**
 * Those of `names` (in lower case, without the final dot) that `name` is or, for `*.example.com`, lies below at any depth.
 * As cheap as the name has labels.
 */
export const namesFor = (name: string, names: ReadonlySet<string>): readonly string[] => {
  const found = names.has(name) ? [name] : [];
  if (names.size === 0 || name.includes('\\')) return found; // a dot within a label: no policy can mean that
  for (let dot = name.indexOf('.'); dot >= 0; dot = name.indexOf('.', dot + 1)) {
    const wildcard = `*${name.slice(dot)}`;
    if (names.has(wildcard)) found.push(wildcard);
  }
  return found;
};
