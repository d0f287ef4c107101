/** What shoppers may bring as a picture: what telephones take and browsers show, no drawings and nothing that moves. */
export const BROUGHT_TYPES = ['image/jpeg', 'image/png', 'image/webp', 'image/avif'] as const;

/** Bytes of one, as it comes. What is kept of it is painted anew, and a tenth of that. */
export const MOST_BROUGHT_BYTES = 15 * 1024 * 1024;
