import { DockerfileParser } from 'dockerfile-ast';
import { validate } from 'dockerfile-utils';

const FILE = 'container/Containerfile';

export function checkContainerfile({ check, read }) {
  const text = read(FILE);
  check('dockerfile-utils: the container file', () =>
    validate(text).map(
      ({ range, message }) =>
        `${FILE}:${range.start.line + 1}  ${typeof message === 'string' ? message : message.value}`,
    ),
  );
  for (const [what, broken] of SPOILED)
    check(`the container file’s own check finds ${what}`, () =>
      faultsOf(broken(text)).length > 0 ? [] : ['it found nothing'],
    );
  check(
    'the container file: stages, pinned base, no root, nothing secret, nothing that only a build needs',
    () => faultsOf(text),
  );
  check('what the build may see is a list of what it needs', () => {
    const lines = read(`${FILE}.dockerignore`)
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'));
    return [
      ...(lines[0] === '*' ? [] : ['the first pattern is not *']),
      ...['**/node_modules', '**/.env*', '**/*.key', '**/*.pem', '**/.gatehouse']
        .filter((pattern) => !lines.includes(pattern))
        .map((pattern) => `${pattern} is not kept out`),
      ...lines.filter((line) => /^!(\.git|docs|e2e|bench|\*)/.test(line)).map((line) => `${line} is let in`),
    ];
  });
}

/** That the check can fail. */
const SPOILED = [
  ['a base that moves', (text) => text.replace(/node:[\d.]+-bookworm-slim$/m, 'node:latest')],
  ['root', (text) => text.replace('USER 1000:1000', '')],
  ['a secret in a layer', (text) => text.replace('USER 1000', 'ENV GATEHOUSE_MASTER_KEY=abc\nUSER 1000')],
  ['a missing health check', (text) => text.replace(/^HEALTHCHECK.*$/m, '')],
  ['sources in the image', (text) => text.replace('USER 1000', 'COPY . .\nUSER 1000')],
];

function faultsOf(text) {
  const instructions = DockerfileParser.parse(text).getInstructions();
  const of = (keyword) => instructions.filter((each) => each.getKeyword() === keyword);
  const words = (instruction) => instruction.getArguments().map(String).join(' ');
  const stages = of('FROM');
  const last = stages.at(-1)?.getRange()?.start.line ?? 0;
  const inLast = (keyword) => of(keyword).filter((each) => each.getRange().start.line > last);
  const base = of('ARG')
    .map(words)
    .find((each) => each.startsWith('NODE_IMAGE='));
  const faults = [];
  const demand = (holds, fault) => holds || faults.push(fault);
  demand(stages.length >= 3, 'there are fewer than three stages');
  demand(
    stages.every((each) => words(each).startsWith('${NODE_IMAGE}')),
    'a stage has another base',
  );
  demand(
    /^NODE_IMAGE=docker\.io\/library\/node:\d+\.\d+\.\d+-bookworm-slim$/.test(base ?? ''),
    'the base is not pinned to a version',
  );
  demand(inLast('USER').map(words).at(-1) === '1000:1000', 'it runs as root, or as a user by name');
  demand(inLast('HEALTHCHECK').length === 1, 'there is no health check');
  demand(
    words(inLast('ENTRYPOINT')[0] ?? { getArguments: () => [] }).includes('main.js'),
    'the entry point is not the service',
  );
  demand(
    inLast('COPY').every((each) => !/(^|\s)\.\s/.test(`${words(each)} `.replace(/ \S+ $/, ' '))),
    'everything is copied into the image',
  );
  const secret = /(PASSWORD|SECRET|MASTER_KEY|TOKEN|DATABASE_URL|SMTP_URL|_KEY)\s*=/;
  for (const each of [...of('ENV'), ...of('ARG')])
    demand(
      !secret.test(
        text
          .split('\n')
          .slice(each.getRange().start.line, each.getRange().end.line + 1)
          .join('\n'),
      ),
      `a secret is set in line ${each.getRange().start.line + 1}`,
    );
  return faults;
}
