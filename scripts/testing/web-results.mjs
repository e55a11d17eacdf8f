// Reads vitest's report: prints "PASSED FAILED SKIPPED", and adds what failed to the files of scripts/testing/report.sh.
import { appendFileSync, readFileSync } from 'node:fs';
import { relative } from 'node:path';

const [, , report, failures, web] = process.argv;
const { testResults } = JSON.parse(readFileSync(report, 'utf8'));
let passed = 0;
let failed = 0;
let skipped = 0;
for (const { name, status, assertionResults } of testResults) {
  const file = relative(web, name);
  const wrong = assertionResults.filter((test) => test.status === 'failed');
  passed += assertionResults.filter((test) => test.status === 'passed').length;
  skipped += assertionResults.filter((test) => test.status !== 'passed' && test.status !== 'failed').length;
  if (status !== 'failed' && wrong.length === 0) continue;
  // A file that cannot be loaded has no tests to name.
  const names = wrong.length > 0 ? wrong.map((test) => `web: ${file}: ${test.fullName}`) : [`web: ${file}`];
  failed += names.length;
  appendFileSync(`${failures}.names`, names.map((one) => `${one}\n`).join(''));
  appendFileSync(`${failures}.again`, `web ${file}\n`);
}
console.log(passed, failed, skipped);
