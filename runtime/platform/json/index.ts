/** JSON of somebody else's: it may be a proxy's page, half a file, or nothing. */

/** What it says, for a schema to judge; `undefined`, which no schema takes for an answer, where it is no JSON. */
export function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // What is wrong with it may be part of it, and is told to nobody.
    return undefined;
  }
}
