/** Plain JSON paths (`.spec.replicas`, `.metadata.labels['a.b/c']`) as lists of field names. */

const STEP = /\.([A-Za-z_$][\w$-]*)|\[['"]([^'"]+)['"]\]/g;

export function parseJsonPath(path: string): string[] {
  const dotted = path.startsWith('.') || path.startsWith('[') ? path : `.${path}`;
  return [...dotted.matchAll(STEP)].map((step) => step[1] ?? step[2] ?? '');
}
