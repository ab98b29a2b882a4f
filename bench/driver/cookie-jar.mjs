// The cookies of one browser. Only what the measured servers need: name, value, Path, and removal.
const LINE = '\r\nset-cookie:';

export function createCookieJar() {
  const cookies = new Map();
  const headerByPath = new Map();

  return {
    /** Takes every Set-Cookie of a response head (`names`: the same in lower case); answers how many it saw. */
    take({ head, names }) {
      let seen = 0;
      for (let at = names.indexOf(LINE); at !== -1; at = names.indexOf(LINE, at + LINE.length)) {
        seen += 1;
        const start = at + LINE.length;
        const end = head.indexOf('\r\n', start);
        const line = head.slice(start, end).trimStart();
        const equals = line.indexOf('=');
        const semicolon = line.indexOf(';');
        const name = line.slice(0, equals);
        const value = line.slice(equals + 1, semicolon === -1 ? undefined : semicolon);
        const attributes = names.slice(end - line.length + equals + 1 + value.length, end);
        if (value === '' || /; *max-age=0(;|$)/.test(attributes)) cookies.delete(name);
        else cookies.set(name, { value, path: /; *path=([^;]+)/.exec(attributes)?.[1] ?? '/' });
      }
      if (seen > 0) headerByPath.clear();
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
      headerByPath.clear();
    },
  };
}

function isUnder(path, cookiePath) {
  return cookiePath === '/' || path === cookiePath || path.startsWith(`${cookiePath}/`);
}
