// Numbers whose last digit proves the others.
// Source: k8s.io/kube-openapi/pkg/internal/third_party/govalidator.

const CARD =
  /^(?:4[0-9]{12}(?:[0-9]{3})?|5[1-5][0-9]{14}|6(?:011|5[0-9][0-9])[0-9]{12}|3[47][0-9]{13}|3(?:0[0-5]|[68][0-9])[0-9]{11}|(?:2131|1800|35\d{3})\d{11})$/;

/** Luhn's sum; what is no digit does not count. */
export const isCreditCard = (text: string): boolean => {
  const digits = text.replace(/\D/g, '');
  if (!CARD.test(digits)) return false;
  const weighed = Array.from(digits)
    .reverse()
    .map((digit, index) => Number(digit) * (index % 2 === 1 ? 2 : 1));
  return sumOf(weighed.map((each) => (each > 9 ? each - 9 : each))) % 10 === 0;
};

export const isIsbn10 = (text: string): boolean => {
  const digits = text.replace(/[\s-]/g, '');
  if (!/^(?:[0-9]{9}X|[0-9]{10})$/.test(digits)) return false;
  return (
    sumOf(Array.from(digits).map((digit, index) => (index + 1) * (digit === 'X' ? 10 : Number(digit)))) %
      11 ===
    0
  );
};

export const isIsbn13 = (text: string): boolean => {
  const digits = text.replace(/[\s-]/g, '');
  if (!/^[0-9]{13}$/.test(digits)) return false;
  return (
    sumOf(Array.from(digits).map((digit, index) => Number(digit) * (index % 2 === 0 ? 1 : 3))) % 10 === 0
  );
};

const sumOf = (numbers: readonly number[]): number => numbers.reduce((sum, each) => sum + each, 0);
