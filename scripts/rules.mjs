// Rules of the house that neither the compiler nor the linter nor the import graph can see. A rule is
//   { name, todo, applies(path), find(source), wrong, right }
// where find() gives the offences as { line, found }, and `wrong` and `right` are programs that it must and must not
// flag: they are tried at every run, since a rule that cannot fire guards nothing.
import ts from 'typescript';

const server = (path) => path.startsWith('apps/server/src/') && !isTest(path);
const under = (path, ...places) => places.some((place) => path.startsWith(`apps/server/src/${place}`));
const isCode = (path) => /\.(ts|tsx|mjs|cjs)$/.test(path);
const isTest = (path) => /\.test\.tsx?$|(^|\/)(testing|test)\//.test(path) || /^(e2e|bench)\//.test(path);

export const rules = [
  {
    name: 'file-length',
    todo: 'No file is longer than 400 lines: split it along its nouns.',
    applies: (path) => /\.(ts|tsx|mjs|cjs|css|sql)$/.test(path),
    find: ({ lines }) => (lines.length > 400 ? [{ line: lines.length, found: `${lines.length} lines` }] : []),
    wrong: '\n'.repeat(401),
    right: '\n'.repeat(400),
  },
  {
    name: 'file-name',
    todo: 'Name the file by what it is about: utils, helpers, common and manager say nothing.',
    applies: () => true,
    find: ({ path }) => {
      const word = path
        .split(/[^A-Za-z]|(?<=[a-z])(?=[A-Z])/)
        .find((part) => /^(utils?|helpers?|common|managers?)$/i.test(part));
      return word ? [{ line: 1, found: word }] : [];
    },
    wrong: { path: 'apps/server/src/platform/stringHelpers.ts' },
    right: { path: 'apps/server/src/platform/commons-clause.ts' },
  },
  {
    name: 'unfinished',
    todo: 'Finish it, or make an issue of it: no notes to come back to.',
    applies: (path) => isCode(path) && path !== 'scripts/rules.mjs',
    find: inText(/\b(TODO|FIXME|XXX|HACK)\b/),
    wrong: '// TODO later',
    right: '// lists what is left to do',
  },
  {
    name: 'disabled-test',
    todo: 'Every test runs: repair it or delete it.',
    applies: isTest,
    find: inSyntax((node) => {
      if (ts.isPropertyAccessExpression(node)) {
        const root = /^(it|test|describe|suite|bench)\b/.test(node.expression.getText());
        return root && /^(only|skip|todo|fails)$/.test(node.name.text);
      }
      return ts.isCallExpression(node) && /^[xf](it|test|describe)$/.test(node.expression.getText());
    }),
    wrong: "describe.skip('x', () => {});",
    right: "it('skips a line', () => list.skip(1));",
  },
  {
    name: 'disabled-rule',
    todo: 'Say why beside it: `// oxlint-disable-next-line rule -- reason`, `// @ts-expect-error reason`.',
    applies: (path) => isCode(path) && path !== 'scripts/rules.mjs',
    find: inText(
      /(ox|es)lint-disable(?!.*--\s*\S)|@ts-(ignore|nocheck)|@ts-expect-error\s*$|biome-ignore(?!.*:\s*\S)/,
    ),
    wrong: '// oxlint-disable-next-line no-console',
    right: '// oxlint-disable-next-line no-console -- the terminal is the audience',
  },
  {
    name: 'environment',
    todo: 'Only config/ reads the environment: take the setting as an argument.',
    applies: (path) =>
      (server(path) && !under(path, 'config/')) || (/^packages\/[^/]+\/src\//.test(path) && !isTest(path)),
    find: inSyntax(
      (node) =>
        (ts.isPropertyAccessExpression(node) && /^(process|import\.meta)\.env$/.test(node.getText())) ||
        (ts.isImportSpecifier(node) && (node.propertyName ?? node.name).text === 'env') ||
        (ts.isBindingElement(node) &&
          /\benv\b/.test(node.getText()) &&
          /=\s*process\b/.test(node.parent.parent.getText())),
    ),
    wrong: 'const url = process.env.DATABASE_URL;',
    right: '// process.env is read in config/\nconst url = options.env;',
  },
  {
    name: 'sql',
    todo: 'SQL lives in *.repo.ts, platform/database and db/: call a function of a repository.',
    applies: (path) =>
      server(path) && !path.endsWith('.repo.ts') && !under(path, 'platform/database/', 'platform/postgres/'),
    find: inSyntax((node) => {
      if (ts.isTaggedTemplateExpression(node)) return /^sql\b/.test(node.tag.getText());
      const isText =
        ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node) || ts.isTemplateHead(node);
      return isText && statement.test(keywordsLowered(node.text));
    }),
    wrong: 'await tx.query(`select id from users where email = $1`);',
    right: "const hint = 'Select a role from the list';",
  },
  {
    name: 'web-crypto',
    todo: 'SECURITY: keys, hashing and random secrets are made in platform/crypto only (ids: platform/ids).',
    applies: (path) => server(path) && !under(path, 'platform/crypto/'),
    find: inSyntax(
      (node) => ts.isPropertyAccessExpression(node) && /^(globalThis\.)?crypto\./.test(node.getText()),
    ),
    wrong: 'const id = crypto.randomUUID();',
    right: 'const sealed = options.crypto.seal(value);',
  },
  {
    name: 'predictable-random',
    todo: 'SECURITY: Math.random() can be predicted from a few of its values; take randomness from platform/crypto.',
    applies: server,
    find: inSyntax((node) => ts.isPropertyAccessExpression(node) && node.getText() === 'Math.random'),
    wrong: 'const code = Math.random();',
    right: 'const code = randomCode();',
  },
  {
    name: 'outbound-http',
    todo: 'SECURITY: outbound HTTP goes through platform/http-client, which refuses inside networks (SSRF).',
    applies: (path) => server(path) && !under(path, 'platform/http-client/'),
    find: inSyntax((node) => {
      const callee = ts.isCallExpression(node) || ts.isNewExpression(node) ? node.expression.getText() : '';
      return /^(globalThis\.)?(fetch|WebSocket|EventSource|XMLHttpRequest)$/.test(callee);
    }),
    wrong: 'const answer = await fetch(url);',
    right: 'const answer = await client.fetch(url);',
  },
];

const statement = /^\s*(select\s[^]*\sfrom|insert\s+into|update\s+\w+\s+set|delete\s+from|set\s+role)\s/;

/** SQL keywords are all small or all capital letters; a sentence that begins with Select is neither. */
function keywordsLowered(text) {
  return text.replace(/\b[A-Z]{3,}\b/g, (word) => word.toLowerCase());
}

function inText(pattern) {
  return ({ lines }) =>
    lines.flatMap((text, index) => {
      const match = pattern.exec(text);
      return match ? [{ line: index + 1, found: match[0].trim() }] : [];
    });
}

function inSyntax(offends) {
  return ({ syntax }) => {
    const tree = syntax();
    const offences = [];
    const visit = (node) => {
      if (offends(node)) {
        const { line } = tree.getLineAndCharacterOfPosition(node.getStart(tree));
        offences.push({ line: line + 1, found: node.getText(tree).split('\n')[0].slice(0, 60) });
      }
      ts.forEachChild(node, visit);
    };
    visit(tree);
    return offences;
  };
}

/** What rules look at: the text in lines, and the syntax tree, parsed only when a rule asks. */
export function sourceOf(path, text) {
  let tree;
  return {
    path,
    lines: text.replace(/\n$/, '').split('\n'),
    syntax: () =>
      (tree ??= ts.createSourceFile(path, text, ts.ScriptTarget.Latest, /* setParentNodes */ true)),
  };
}
