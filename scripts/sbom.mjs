// `./weir sbom`: writes the bill of materials to standard output, CycloneDX 1.6 as JSON, of every package in the lock files of NuGet and npm.
// It asks nothing and nobody: the same lock files give the same text.
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

const root = join(import.meta.dirname ?? new URL('.', import.meta.url).pathname, '..');
const read = (...path) => JSON.parse(readFileSync(join(root, ...path), 'utf8').replace(/^\uFEFF/, ''));

/** By purl: {component, dependsOn: Set of purls}. */
const packages = new Map();

function add(ecosystem, name, version, shipped, more) {
  const purl = `pkg:${ecosystem}/${name.replace('@', '%40')}@${version.replace('+', '%2B')}`;
  let found = packages.get(purl);
  if (!found) {
    const slash = name.indexOf('/');
    const group = slash > 0 ? { group: name.slice(0, slash) } : {};
    const component = { type: 'library', 'bom-ref': purl, ...group, name: name.slice(slash + 1), version, scope: 'excluded', ...more, purl };
    packages.set(purl, (found = { component, dependsOn: new Set() }));
  }
  // What is needed to build and test, and is in nothing that runs, is "excluded".
  if (shipped) found.component.scope = 'required';
  return found;
}

function* lockFiles(folder) {
  for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
    if (entry.isDirectory() && !/^(bin|obj|node_modules|\..*)$/.test(entry.name)) yield* lockFiles(join(folder, entry.name));
    else if (entry.name === 'packages.lock.json') yield join(folder, entry.name);
  }
}

/** What runs is the project src/Weir with all that it refers to. */
const program = join('src', 'Weir', 'packages.lock.json');
const direct = new Set();

function addNuget(file) {
  for (const target of Object.values(read(file).dependencies)) {
    const resolved = new Map(Object.entries(target).map(([name, entry]) => [name.toLowerCase(), { name, ...entry }]));
    const refOf = (name) => {
      const entry = resolved.get(name.toLowerCase());
      return entry && entry.type !== 'Project' ? `pkg:nuget/${entry.name}@${entry.resolved}` : null;
    };
    for (const { name, type, resolved: version, contentHash, dependencies } of resolved.values()) {
      const needs = Object.keys(dependencies ?? {}).map(refOf).filter((ref) => ref);
      if (type === 'Project') {
        if (file === program) needs.forEach((ref) => direct.add(ref));
        continue;
      }
      // Not the hash of the file that a feed sends: its signature is left out.
      const found = add('nuget', name, version, file === program, { properties: [{ name: 'nuget:contentHash', value: contentHash }] });
      needs.forEach((ref) => found.dependsOn.add(ref));
      if (file === program && type === 'Direct') direct.add(found.component.purl);
    }
  }
}

function addNpm() {
  const lock = read('web', 'package-lock.json').packages;
  const nameOf = (path) => path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
  /** As Node.js looks for it: beside the one who asks, then further out. */
  const find = (from, name) => {
    for (let folder = from; ; ) {
      const path = `${folder}${folder && '/'}node_modules/${name}`;
      if (lock[path]) return path;
      if (!folder) return null;
      const outer = folder.lastIndexOf('/node_modules/');
      folder = outer < 0 ? '' : folder.slice(0, outer);
    }
  };
  const needsOf = (path) => Object.keys({ ...lock[path].dependencies, ...lock[path].optionalDependencies })
    .map((name) => find(path, name)).filter((found) => found);

  // In the pages are the dependencies, and what the compiler of Svelte leaves in them.
  const shipped = new Set();
  const ship = (path) => {
    if (shipped.has(path)) return;
    shipped.add(path);
    needsOf(path).forEach(ship);
  };
  const roots = [...Object.keys(lock[''].dependencies), 'svelte'].map((name) => `node_modules/${name}`);
  roots.forEach(ship);

  const purls = new Map();
  const paths = Object.keys(lock).filter((path) => path);
  for (const path of paths) {
    const { version, integrity, license } = lock[path];
    const sha512 = integrity?.startsWith('sha512-') ? Buffer.from(integrity.slice(7), 'base64').toString('hex') : null;
    const hashes = sha512 ? { hashes: [{ alg: 'SHA-512', content: sha512 }] } : {};
    const licenses = !license ? {} : { licenses: [/[ (]/.test(license) ? { expression: license } : { license: { id: license } }] };
    purls.set(path, add('npm', nameOf(path), version, shipped.has(path), { ...hashes, ...licenses }).component.purl);
  }
  for (const path of paths) needsOf(path).forEach((needed) => packages.get(purls.get(path)).dependsOn.add(purls.get(needed)));
  roots.forEach((path) => direct.add(purls.get(path)));
}

const files = ['src', 'tests', 'bench', 'fuzz'].flatMap((folder) => [...lockFiles(folder)]).map((file) => relative(root, join(root, file)));
if (!files.includes(program)) throw new Error(`There is no ${program}: build Weir first.`);
files.forEach(addNuget);
addNpm();

const byRef = (one, other) => (one < other ? -1 : one > other ? 1 : 0);
const version = /<Version>([^<]+)</.exec(readFileSync(join(root, 'Directory.Build.props'), 'utf8'))[1];
const self = `pkg:generic/weir@${version}`;
const sorted = [...packages.keys()].sort(byRef).map((purl) => packages.get(purl));
const bill = {
  $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
  bomFormat: 'CycloneDX',
  specVersion: '1.6',
  version: 1,
  metadata: {
    component: { type: 'application', 'bom-ref': self, name: 'weir', version, purl: self, licenses: [{ license: { id: 'Apache-2.0' } }] },
  },
  components: sorted.map(({ component }) => component),
  dependencies: [
    { ref: self, dependsOn: [...direct].sort(byRef) },
    ...sorted.map(({ component, dependsOn }) => ({ ref: component.purl, dependsOn: [...dependsOn].sort(byRef) })),
  ],
};
process.stdout.write(`${JSON.stringify(bill, null, 2)}\n`);
