/** The shops' marks: drawn like their pictures, small enough for a browser tab. */
const mark = (inner: string): string =>
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64" width="64" height="64">${inner}</svg>\n`;

export const LOGOS: Readonly<Record<string, string>> = {
  acme: mark(
    '<rect width="64" height="64" rx="16" fill="#2f5d46"/><circle cx="45" cy="20" r="6" fill="#f2b64c"/><path d="M8 50 26 18l11 19 5-8 14 21z" fill="#faf8f3"/><path d="M26 18l11 19-6 4-5-5-6 4-2-8z" fill="#cfdccf"/>',
  ),
  sakura: mark(
    '<circle cx="32" cy="32" r="32" fill="#34506f"/><g fill="#f3c9d0">' +
      [0, 72, 144, 216, 288]
        .map((turn) => `<path d="M32 32Q21 22 25 9l7 5 7-5q4 13-7 23z" transform="rotate(${turn} 32 32)"/>`)
        .join('') +
      '</g><circle cx="32" cy="32" r="4" fill="#a84c5e"/>',
  ),
  fjord: mark(
    '<rect width="64" height="64" rx="4" fill="#1f3440"/><path d="M10 40 24 16l9 15 6-9 15 18z" fill="#e9e6dc"/><path d="M10 45h44M16 51h32" stroke="#c79d66" stroke-width="3" stroke-linecap="round"/>',
  ),
};
