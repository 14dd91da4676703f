/** Letters and digits that neither make words nor look alike, for made-up names. k8s.io/apimachinery/pkg/util/rand. */
export const SAFE_LETTERS = 'bcdfghjklmnpqrstvwxz2456789';
