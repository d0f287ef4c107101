/** Locale to dictionary. A language without one speaks English. */
import { de } from './de.ts';
import { en } from './en.ts';
import type { Words } from './en.ts';
import { ja } from './ja.ts';
import { nb } from './nb.ts';

const DICTIONARIES: Readonly<Record<string, Words>> = { en, de, ja, nb, no: nb, nn: nb };

/** The words of a BCP 47 tag, by its language. */
export const wordsOf = (locale: string): Words => DICTIONARIES[locale.split('-')[0] ?? ''] ?? en;

export type { Words } from './en.ts';
