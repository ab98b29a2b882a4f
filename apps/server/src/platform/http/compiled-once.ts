/**
 * Compiles a schema once for the process, however many operations have it. Nearly every operation answers with the same few
 * problems, is there for one's own tenant and for others, and for GET and HEAD: compiling each anew was half of a start.
 */
export function compiledOnce<Compiled>(compile: (schema: object) => Compiled): (schema: object) => Compiled {
  const known = new Map<string, Compiled>();
  return (schema) => {
    const text = JSON.stringify(schema);
    const compiled = known.get(text) ?? compile(schema);
    known.set(text, compiled);
    return compiled;
  };
}
