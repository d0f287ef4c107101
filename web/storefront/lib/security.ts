/** What a page may load, run and frame. */

const PAYPAL = 'https://www.paypal.com https://www.sandbox.paypal.com';

/**
 * @param nonce of this answer; only scripts and styles that carry it run, and what those scripts load
 * @param paymentsOrigin whose card fields are framed, and whose page a payer is sent to; unknown: any https origin, and local ones
 */
export function contentSecurityPolicy(nonce: string, paymentsOrigin: string | undefined): string {
  const processor = paymentsOrigin ?? 'https: http://*.localhost:* http://127.0.0.1:*';
  return [
    "default-src 'self'",
    `script-src 'self' 'nonce-${nonce}' 'strict-dynamic'`,
    `style-src 'self' 'nonce-${nonce}'`,
    "img-src 'self' data: https:",
    "font-src 'self'",
    "connect-src 'self'",
    `frame-src ${processor}`,
    "frame-ancestors 'none'",
    // Whoever chooses PayPal sends a form, and is sent on to its page.
    `form-action 'self' ${PAYPAL} ${processor}`,
    "base-uri 'none'",
    "object-src 'none'",
  ].join('; ');
}
