/** What a page may load, run and frame. */

/**
 * @param nonce of this answer; only scripts and styles that carry it run, and what those scripts load
 * @param paymentsOrigin whose card fields are framed; unknown: any https origin, and local ones
 */
export function contentSecurityPolicy(nonce: string, paymentsOrigin: string | undefined): string {
  return [
    "default-src 'self'",
    `script-src 'self' 'nonce-${nonce}' 'strict-dynamic'`,
    `style-src 'self' 'nonce-${nonce}'`,
    "img-src 'self' data: https:",
    "font-src 'self'",
    "connect-src 'self'",
    `frame-src ${paymentsOrigin ?? 'https: http://*.localhost:* http://127.0.0.1:*'}`,
    "frame-ancestors 'none'",
    "form-action 'self'",
    "base-uri 'none'",
    "object-src 'none'",
  ].join('; ');
}
