/** Whose password it is to be. */
export interface PasswordHolder {
  email: string;
  name: string;
  tenantName: string;
}

/** Shorter than this nothing can be told: "Jo" is in many words. */
const SHORTEST = 3;

/**
 * Whether a password is nothing but a name or an address of its owner, or the name of their company, however it is spelled: in
 * capitals, with accents, with digits and marks around or between. `Ada.Lovelace-1815` is, `Lovelace sings in Ely` is not.
 */
export function isPersonal(password: string, { email, name, tenantName }: PasswordHolder): boolean {
  const at = email.lastIndexOf('@');
  const local = email.slice(0, at).replace(/\+.*$/, '');
  const words = name.split(/\s+/);
  const own = [email, email.slice(0, at), local, name, [...words].reverse().join(''), tenantName];
  for (const more of [
    email
      .slice(at + 1)
      .split('.')
      .at(0) ?? '',
    ...words,
    ...local.split(/[._-]/),
  ])
    own.push(more);
  const letters = lettersOf(password);
  return own.map(lettersOf).some((it) => it.length >= SHORTEST && it === letters);
}

const lettersOf = (text: string): string =>
  text
    .normalize('NFKD')
    .toLowerCase()
    .replaceAll(/[^\p{L}]/gu, '');
