import { createRequire } from 'node:module';
import { SamlFault } from './saml-fault.ts';

export const PROTOCOL = 'urn:oasis:names:tc:SAML:2.0:protocol';
export const ASSERTION = 'urn:oasis:names:tc:SAML:2.0:assertion';
export const METADATA = 'urn:oasis:names:tc:SAML:2.0:metadata';
export const SIGNATURE = 'http://www.w3.org/2000/09/xmldsig#';

/** What is used of the DOM; the package's own types are made of the browser's, which the server does not have. */
interface XmlNode {
  nodeType: number;
  firstChild: XmlNode | null;
  nextSibling: XmlNode | null;
  parentNode: XmlNode | null;
  textContent: string | null;
}
export interface XmlElement extends XmlNode {
  localName: string;
  namespaceURI: string | null;
  attributes: { length: number; item(index: number): { name: string; value: string } | null };
  hasAttribute(name: string): boolean;
  getAttribute(name: string): string | null;
}
type Told = (message: string) => void;
const { DOMParser } = createRequire(import.meta.url)('@xmldom/xmldom') as {
  DOMParser: new (options: {
    errorHandler: Record<'warning' | 'error' | 'fatalError', Told>;
  }) => {
    parseFromString(xml: string, type: string): { documentElement: XmlElement | null } | undefined;
  };
};
const ELEMENT_NODE = 1;

const DECLARATION = /^\uFEFF?\s*<\?xml\s[^<>]*\?>/;

/**
 * The text of a document, without its declaration.
 *
 * SECURITY: judged before anything parses it. What readers have read in different ways, or what grew on being read, has no place
 * in SAML: document types and their entities, comments (which cut a name in two), sections, processing instructions (threat 67). And
 * a few bytes must not cost seconds: the canonical form of many siblings takes time that grows with their square.
 *
 * @throws {SamlFault}
 */
export function checkText(xml: string, mostElements: number): string {
  const text = xml.replace(DECLARATION, '');
  if (/<[!?]/.test(text))
    throw new SamlFault('xml', 'it has a document type, a comment, a section or an instruction');
  if (!text.isWellFormed() || [...UNFIT].some((char) => text.includes(char)))
    throw new SamlFault('xml', 'it has characters that XML does not allow');
  if (count(text, '<') - count(text, '</') > mostElements || count(text, '=') > 4 * mostElements)
    throw new SamlFault('xml', 'it has too many elements or attributes');
  return text;
}

/** What XML 1.0 has no place for, and some readers mend (§2.2). */
const UNFIT = Array.from({ length: 32 }, (_, code) => String.fromCharCode(code))
  .filter((char) => !'\t\n\r'.includes(char))
  .concat('\ufffe', '\uffff')
  .join('');

const count = (text: string, part: string): number => text.split(part).length - 1;

/**
 * The root of a document, read by the parser that the protocol's library reads with; whatever that would mend is a fault.
 *
 * @throws {SamlFault}
 */
export function parse(text: string): XmlElement {
  const stop = (message: string) => {
    throw new SamlFault('xml', `it is not well-formed: ${message.split('\n')[0] ?? ''}`);
  };
  const parser = new DOMParser({ errorHandler: { warning: stop, error: stop, fatalError: stop } });
  const root = parser.parseFromString(text, 'text/xml')?.documentElement;
  if (root == null) throw new SamlFault('xml', 'it is empty');
  return root;
}

export const isNamed = (element: XmlElement, namespace: string, name: string): boolean =>
  element.namespaceURI === namespace && element.localName === name;

const elementsOf = (parent: XmlNode): XmlElement[] => {
  const found: XmlElement[] = [];
  for (let node = parent.firstChild; node !== null; node = node.nextSibling)
    if (node.nodeType === ELEMENT_NODE) found.push(node as XmlElement);
  return found;
};

export const childrenOf = (parent: XmlElement, namespace: string, name: string): XmlElement[] =>
  elementsOf(parent).filter((child) => isNamed(child, namespace, name));

/** The element and all below it. */
export function everyElement(root: XmlElement): XmlElement[] {
  const all: XmlElement[] = [];
  const open = [root];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    all.push(next);
    for (const child of elementsOf(next)) open.push(child);
  }
  return all;
}

export const hasElements = (element: XmlElement): boolean => elementsOf(element).length > 0;

export const attributeOf = (element: XmlElement, name: string): string | undefined =>
  element.hasAttribute(name) ? (element.getAttribute(name) ?? undefined) : undefined;
