// When an image is pulled anew if nobody says so.

/** Images that may change under their name are pulled each time: those tagged `latest`, and those without tag and digest. */
export const imagePullPolicyOf = (image: string): 'Always' | 'IfNotPresent' => {
  const [name, digest] = image.split('@') as [string, string?];
  const tag = /:([^:/]+)$/.exec(name)?.[1] ?? (digest || name === '' ? undefined : 'latest');
  return tag === 'latest' ? 'Always' : 'IfNotPresent';
};
