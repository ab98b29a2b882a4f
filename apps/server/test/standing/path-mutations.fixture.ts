/** Other spellings of a path: what proxies, routers and middleware have been known to read in different ways. */
export function mutationsOf(path: string): Record<string, string> {
  const at = path.lastIndexOf('/');
  const [parent, last] = [path.slice(0, at), path.slice(at + 1)];
  const encoded = (text: string) => [...text].map((c) => `%${c.charCodeAt(0).toString(16)}`).join('');
  const first = last.slice(0, 1);
  const rest = last.slice(1);
  return {
    'trailing slash': `${path}/`,
    'two trailing slashes': `${path}//`,
    'leading double slash': `/${path}`,
    'double slash inside': `${parent}//${last}`,
    'double slash after the version': path.replace('/api/v1/', '/api/v1//'),
    'matrix parameter': `${path};x`,
    'matrix parameter with a value': `${path};jsessionid=1`,
    'matrix parameter inside': path.replace('/api', '/api;x'),
    'empty matrix segment': `/;${path}`,
    'dot segment at the end': `${path}/.`,
    'two dots at the end': `${path}/..`,
    'back and forth': `${path}/../${last}`,
    'dot segment at the start': `/.${path}`,
    'detour through another folder': `/x/..${path}`,
    'detour through the assets': `/assets/..${path}`,
    'encoded detour through the assets': `/assets/..%2f..${path}`,
    'encoded dots': `/x/%2e%2e${path}`,
    'encoded slash at the end': `${path}%2F`,
    'encoded slash at the start': `/%2F${path.slice(1)}`,
    'encoded slash inside': `${parent}%2F${last}`,
    'encoded slash in lower case': `${parent}%2f${last}`,
    'doubly encoded slash': `${parent}%252F${last}`,
    'upper case': path.toUpperCase(),
    'one capital': `${parent}/${first.toUpperCase()}${rest}`,
    'another case of the prefix': path.replace('/api', '/Api'),
    'one letter encoded': `${parent}/${encoded(first)}${rest}`,
    'all letters encoded': `${parent}/${encoded(last)}`,
    'a letter encoded twice': `${parent}/%25${encoded(first).slice(1)}${rest}`,
    'encoded NUL': `${path}%00`,
    'encoded NUL and a suffix': `${path}%00.css`,
    'suffix of a format': `${path}.json`,
    'suffix of a file': `${path}/index.html`,
    'backslash inside': `${parent}\\${last}`,
    'backslash at the end': `${path}\\`,
    'encoded backslash': `${path}%5C`,
    'encoded space': `${path}%20`,
    'encoded tab': `${path}%09`,
    'encoded line break': `${path}%0d%0aX-Role:%20admin`,
    'empty query': `${path}?`,
    'query that looks like a public path': `${path}?/assets/x.css`,
    'encoded question mark': `${path}%3F`,
    'encoded fragment': `${path}%23`,
    'absolute form': `http://localhost${path}`,
    'absolute form of another host': `http://evil.example${path}`,
    'full-width slash': `${parent}%EF%BC%8F${last}`,
    'overlong slash': `${parent}%c0%af${last}`,
    'letter that folds to another': path.replace('s', '%C5%BF').replace('k', '%E2%84%AA'),
    'broken escape': `${path}%`,
    'fragment as it stands': `${path}#x`,
  };
}

/** Those that HTTP libraries refuse to send, for a bare socket. */
export const unsendable = (path: string): Record<string, string> => ({
  'raw unicode': path.replace('s', 'ſ'),
  'raw NUL': `${path}\u0000`,
  'raw tab': `${path}\t`,
  'raw space': `${path} x`,
  'raw high byte': `${path}\u00ff`,
  'no slash': path.slice(1),
  asterisk: '*',
  'authority form': 'localhost:80',
});
