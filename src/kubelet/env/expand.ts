// `$(NAME)` in env values, commands and arguments (k8s.io/kubernetes/third_party/forked/golang/expansion).

/** Replaces `$(NAME)` by its value; `$$` is a `$`; a name that `lookUp` does not know stays as it is. O(length). */
export const expand = (text: string, lookUp: (name: string) => string | undefined): string =>
  text.replace(/\$(?:\$|\(([^)]*)\))/g, (match, name: string | undefined) =>
    name === undefined ? '$' : (lookUp(name) ?? match),
  );
