/** What the storefront has a browser remember. */
import { cookies, headers } from 'next/headers';

/** Seconds. */
export const DAY = 24 * 3600;
export const MONTH = 30 * 24 * 3600;
export const YEAR = 365 * 24 * 3600;

/** @param maxAge seconds */
export async function remember(name: string, value: string, maxAge: number): Promise<void> {
  const secure = (await headers()).get('x-forwarded-proto') === 'https';
  (await cookies()).set(name, value, { httpOnly: true, sameSite: 'lax', path: '/', secure, maxAge });
}

export async function forget(name: string): Promise<void> {
  (await cookies()).delete(name);
}
