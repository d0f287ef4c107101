/** An average of stars for people: one decimal, written as the language writes it (4.5, 4,5). */
export function ratingFormatter(locale: string): (average: number) => string {
  const format = new Intl.NumberFormat(locale, { minimumFractionDigits: 1, maximumFractionDigits: 1 });
  return (average) => format.format(average);
}
