/** The check both adapters make before a name becomes part of a statement or of a field. */
import { ShopError } from '../errors.ts';

/** Names of indices, keywords and numbers. Throws ShopError `invalid_input`. */
export function checkedName(name: string): string {
  if (/^[a-z][a-zA-Z]{0,39}$/.test(name)) return name;
  throw new ShopError(
    'invalid_input',
    `“${name.slice(0, 60)}” is no name of an index, a keyword or a number.`,
    {
      remedy: 'Names are letters and begin with a small one.',
    },
  );
}
