/**
 * `$(VAR)` in commands, arguments and values; `$$(VAR)` stays literal, an unknown name stays as written.
 */
export function expand(text: string, env: Readonly<Record<string, string>>): string {
  return text.replace(/\$(\$|\(([^()]*)\))/g, (whole, sign: string, name: string | undefined) => {
    if (sign === '$') return '$';
    return name !== undefined && Object.hasOwn(env, name) ? (env[name] ?? whole) : whole;
  });
}
