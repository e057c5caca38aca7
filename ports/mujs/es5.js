// What every engine of JavaScript has: numbers, strings, regular expressions, JSON, dates, errors.
var out = typeof print === 'function' ? print : console.log;
[0, -0, 1, 0.1 + 0.2, 1 / 3, 1e21, 1e-7, 123456789012345680000, 5e-324, 1.7976931348623157e308, NaN, -Infinity]
	.forEach(function (n) {
		out(String(n), n.toString(2).length, isFinite(n) ? n.toString(16) : '', isFinite(n) ? n.toFixed(3) : '');
	});
[1.005, 123.456, 1e21, 0.000001234].forEach(function (n) {
	out(n.toFixed(2), n.toExponential(3), n.toPrecision(4));
});
['10', '0x1f', ' 12 ', '1e3', '', 'x', '.5', '1_0'].forEach(function (s) {
	out(Number(s), parseInt(s, 10), parseFloat(s), parseInt(s, 16));
});
out(7 % -3, -7 % 3, 5 >> 1, -5 >>> 28, 1 << 31, ~5, 0xff ^ 0x0f, '5' * '4', '5' + 4, [] + {}, null + 1, undefined + 1);
out(Math.sin(1), Math.cos(1), Math.atan2(1, 2), Math.exp(1), Math.log(10), Math.pow(2, 0.5), Math.sqrt(2), Math.round(-0.5));
out('hello'.charAt(1), 'hello'.indexOf('l'), 'a-b-c'.split('-').join('+'), 'abc'.slice(-2), ' x '.trim(), 'az'.toUpperCase());
out('The quick brown fox'.replace(/(\w+) (\w+)/g, '$2 $1'), /(\d+)-(\d+)/.exec('10-20').join(','), /^a+?b/i.test('AAb'));
out('2001-02-03'.match(/\d+/g).join('|'), 'aBc'.replace(/[a-z]/g, function (c) { return '<' + c + '>'; }), 'x1y2'.split(/\d/).join(' '));
out([3, 1, 10, 2].sort().join(), [3, 1, 10, 2].sort(function (a, b) { return a - b; }).join(), [1, 2, 3, 4].splice(1, 2).join());
out([1, 2, 3].map(function (x) { return x * x; }).reduce(function (a, b) { return a + b; }, 0), [1, [2, [3]]].toString());
out(JSON.stringify({a: [1, 'two', null, true, {b: 0.1}], c: undefined, d: 'q"\n\u2028', e: new Date(0)}));
out(JSON.stringify([1, {x: [2]}], null, 2), JSON.parse('{"k": [1e3, "\\u00e9", false]}').k[0]);
out(new Date(1234567890123).toISOString(), Date.UTC(2024, 1, 29), new Date(86399999).getUTCHours(), new Date(NaN).getTime());
out(encodeURIComponent('ä b&c'), decodeURIComponent('%E2%82%AC'), isNaN('x'));

function Shape(name) { this.name = name; }
Shape.prototype.describe = function () { return 'I am ' + this.name; };
function Circle(r) { Shape.call(this, 'circle'); this.r = r; }
Circle.prototype = Object.create(Shape.prototype);
var circle = new Circle(2);
out(circle.describe(), circle instanceof Shape, Object.keys(circle).join(), typeof circle, delete circle.r, circle.r);
var object = Object.defineProperty({}, 'x', {get: function () { return 42; }, enumerable: false});
out(object.x, JSON.stringify(object), Object.getOwnPropertyNames(object).join());
['null.x', 'undefinedName', 'throw new TypeError("own")', 'new Array(-1)', '({}).f()', 'x = = 1'].forEach(function (code) {
	try { new Function(code)(); out('no error'); } catch (e) { out(e.name, e instanceof Error); }
});
outer: for (var i = 0; ; i++) { for (var j = 0; ; j++) { if (i * j > 20) break outer; if (j > 5) continue outer; } }
out(i, j, (function () { try { return 'try'; } finally { out('finally'); } })(), eval('1 + 1'), void 0);
function deep(n) { return n ? 1 + deep(n - 1) : 0; }
out(deep(20), (function () { return arguments.length; })(1, 2, 3), function (a, b) {}.length);
switch (3) { case 1: out('one'); case 3: out('three'); case 4: out('four'); break; default: out('none'); }
var counts = {}, text = 'the cat and the dog and the bird';
text.split(' ').forEach(function (w) { counts[w] = (counts[w] || 0) + 1; });
out(Object.keys(counts).sort().map(function (k) { return k + '=' + counts[k]; }).join(' '));
