import { useRef, useState } from 'preact/hooks';
import { findHomeRealm, type HomeRealm } from './server.ts';

/** The provider that stands in the place of the password. */
export interface ShownProvider {
  readonly id: string;
  readonly name: string;
  readonly domain: string;
  readonly takesPasswords: boolean;
}

const domainOf = (email: string): string =>
  /^[^\s@]+@([^\s@]+)$/.exec(email.trim())?.[1]?.toLowerCase() ?? '';

/**
 * Where the people of the typed domain sign in, asked when the address is there and before a password is: each domain once.
 *
 * SECURITY: a password that is meant for nobody here is not typed here; and nothing is asked, or shown, of whether an account exists.
 */
export function useHomeRealm() {
  const [found, setFound] = useState<ShownProvider>();
  /** The domain for which the person wants to type a password all the same. */
  const [byPassword, setByPassword] = useState('');
  const asked = useRef(new Map<string, Promise<HomeRealm>>());
  const latest = useRef('');

  async function ask(domain: string): Promise<HomeRealm | undefined> {
    const asking = asked.current.get(domain) ?? findHomeRealm(domain);
    asked.current.set(domain, asking);
    try {
      return await asking;
    } catch {
      // The password is asked for, as if there were none; the server still refuses it where it must.
      asked.current.delete(domain);
      return undefined;
    }
  }

  const shownOf = (provider: ShownProvider | undefined): ShownProvider | undefined =>
    provider?.domain === byPassword ? undefined : provider;

  /** Looks at what was typed. Answers what stands in the place of the password from now on: nothing where one is there already, and taken. */
  async function look(email: string, password: string): Promise<ShownProvider | undefined> {
    const domain = domainOf(email);
    latest.current = domain;
    const realm = domain === '' ? undefined : await ask(domain);
    // The address is another one by now.
    if (latest.current !== domain) return shownOf(found);
    const provider = realm?.connection
      ? { ...realm.connection, domain, takesPasswords: realm.takesPasswords }
      : undefined;
    setFound(provider);
    if (!provider?.takesPasswords || (domain !== byPassword && password === '')) return provider;
    setByPassword(domain);
    return undefined;
  }

  return {
    /** What people of the domain have, whether it is shown or not. */
    found,
    shown: shownOf(found),
    look,
    choosePassword: () => setByPassword(found?.domain ?? ''),
    chooseProvider: () => setByPassword(''),
  };
}
