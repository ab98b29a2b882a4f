// The cookies of one browser. Only what the measured servers need: name, value, Path, and removal.
export function createCookieJar() {
  const cookies = new Map();
  let headerByPath = new Map();

  return {
    /** Takes every Set-Cookie of a response head; answers how many it saw. */
    take(head) {
      let seen = 0;
      for (const [, name, value, attributes] of head.matchAll(
        /\r\nset-cookie: *([^=\r]+)=([^;\r]*)([^\r]*)/gi,
      )) {
        seen += 1;
        const gone = value === '' || /; *max-age=0\b/i.test(attributes);
        if (gone) cookies.delete(name);
        else cookies.set(name, { value, path: /; *path=([^;]+)/i.exec(attributes)?.[1] ?? '/' });
      }
      if (seen > 0) headerByPath = new Map();
      return seen;
    },
    /** The Cookie header line for a path, or an empty string. */
    headerFor(path) {
      let line = headerByPath.get(path);
      if (line === undefined) {
        const sent = [...cookies].filter(([, cookie]) => isUnder(path, cookie.path));
        line =
          sent.length === 0
            ? ''
            : `Cookie: ${sent.map(([name, { value }]) => `${name}=${value}`).join('; ')}\r\n`;
        headerByPath.set(path, line);
      }
      return line;
    },
    set(name, value) {
      cookies.set(name, { value, path: '/' });
      headerByPath = new Map();
    },
  };
}

function isUnder(path, cookiePath) {
  return cookiePath === '/' || path === cookiePath || path.startsWith(`${cookiePath}/`);
}
