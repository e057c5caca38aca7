// What is newer: classes, generators, promises, maps, typed arrays, big integers, files.
class A { #p = 1; static s = 'static'; get p() { return this.#p; } }
class B extends A { *[Symbol.iterator]() { yield* [1, 2, 3]; } }
print([...new B()], new B().p, A.s, `${1 + 1}`, ((a, ...r) => r.length)(1, 2, 3));
const {x, y: [z = 5, ...rest], ...others} = {x: 1, y: [undefined, 7, 8], k: 9};
print(x, z, rest, JSON.stringify(others), x?.a?.b ?? 'none', 2n ** 100n, BigInt.asIntN(8, 255n), 12345678901234567890n % 97n);
print([...'aé😀'].length, 'abc'.at(-1), 'x'.padStart(4, '-'), [3, 1, 2].toSorted(), [1, [2, [3]]].flat(Infinity));
print(new Map([[1, 'a'], [2, 'b']]).size, [...new Set([1, 1, 2])], new Uint8Array([256, 257]), new Float64Array([1 / 3])[0]);
print('2024-05-06'.match(/(?<year>\d{4})-(?<month>\d\d)/).groups.year, 'aBC'.replace(/(?<=a)B/, 'x'), /\p{Lu}/u.test('Ä'));
print(Reflect.ownKeys(new Proxy({a: 1}, {ownKeys: () => ['q']})), Object.entries({a: 1, b: 2}), Symbol('s').toString());
const f = std.open('file.txt', 'w+');
f.puts('line 1\nline 2\n'); f.seek(0, std.SEEK_SET);
print(f.getline(), f.tell(), f.getline(), f.getline(), f.close(), std.loadFile('file.txt').length, os.remove('file.txt'));
print(std.sprintf('%5d|%-8s|%08.3f|%x', 42, 'left', Math.PI, 255), std.getenv('NOT_THERE'));
(async () => { for (const p of [1, Promise.resolve(2)]) print('awaited', await p); })().then(() => print('done'));
os.setTimeout(() => print('timer'), 0);
