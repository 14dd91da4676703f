// Image references: which are well formed, and the tag that stands where none is given.

/** github.com/distribution/reference, the normalized form: [host[:port]/]path[:tag][@digest]. */
const SHAPE =
  /^(?:(?:[a-zA-Z0-9](?:[a-zA-Z0-9.-]*[a-zA-Z0-9])?|\[[a-fA-F0-9:]+\])(?::\d+)?\/)?[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*(?::\w[\w.-]{0,127})?(?:@[A-Za-z][\w+.-]*:[a-fA-F0-9]{32,})?$/;

/** `nginx` -> `nginx:latest`; undefined if the reference is malformed. */
export const withDefaultTag = (image: string): string | undefined => {
  if (!SHAPE.test(image)) return undefined;
  const last = image.slice(image.lastIndexOf('/') + 1);
  return last.includes(':') || last.includes('@') ? image : `${image}:latest`;
};

/** kube-apiserver's default of imagePullPolicy, for objects that came past it. */
export const pullPolicyOf = (image: string, policy: string | undefined): string =>
  policy ?? (withDefaultTag(image)?.endsWith(':latest') ? 'Always' : 'IfNotPresent');
