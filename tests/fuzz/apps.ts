/** Apps that shoppers sign in to with their account at the shop, as far as stories and recipes need the same. */

export const BACK = 'https://forum.example/signed-in';

/** What a merchant says of one, beside its kind. */
export const APP = {
  name: 'Forum',
  redirectUris: [BACK],
  logoutUris: ['https://forum.example/signed-out'],
  scopes: ['openid', 'profile', 'email', 'offline_access'],
};

/** As OAuth has it. */
export function formOf(fields: Readonly<Record<string, string>>): { bytes: Buffer; contentType: string } {
  const bytes = Buffer.from(new URLSearchParams(fields).toString());
  return { bytes, contentType: 'application/x-www-form-urlencoded' };
}
