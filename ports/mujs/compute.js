// Mostly the processor: a sieve, floating point, strings, sorting, garbage.
var out = typeof print === 'function' ? print : console.log;
var sieve = [], found = 0;
for (var n = 2; n < 20000; n++) {
	if (sieve[n]) continue;
	found++;
	for (var m = n * 2; m < 20000; m += n) sieve[m] = true;
}
out(found);
var x = 0.5, sum = 0;
for (var i = 0; i < 20000; i++) { x = 3.9 * x * (1 - x); sum += Math.sin(x) * Math.sqrt(i); }
out(x, sum);
var seed = 1, values = [];
function random() { seed = seed * 16807 % 2147483647; return seed; }
for (i = 0; i < 3000; i++) values.push(random() % 10007);
values.sort(function (a, b) { return a - b; });
out(values[0], values[1500], values[2999]);
var words = {}, text = '';
for (i = 0; i < 3000; i++) { var w = 'w' + random() % 211; words[w] = (words[w] || 0) + 1; text += w + ' '; }
out(Object.keys(words).length, text.length, text.replace(/w1(\d)/g, '$1').length, text.indexOf('w99 '));
var tree = null, depth = 0;
function make(d) { return d ? {left: make(d - 1), right: make(d - 1), d: d} : null; }
function count(t) { return t ? 1 + count(t.left) + count(t.right) : 0; }
for (i = 0; i < 10; i++) { tree = make(9); depth += count(tree); }
out(depth);
