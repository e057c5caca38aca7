/* SPDX-License-Identifier: Apache-2.0
 *
 * Each primitive over bytes that a generator makes; prints every result.
 */
#include <monocypher-ed25519.h>
#include <monocypher.h>
#include <stdio.h>
#include <stdlib.h>

static void fill(uint8_t *to, size_t length)
{
	static uint32_t seed = 1;

	for (size_t i = 0; i < length; i++) {
		seed = seed * 1664525u + 1013904223u;
		to[i] = (uint8_t)(seed >> 24);
	}
}

static void print(const char *what, const uint8_t *data, size_t length)
{
	printf("%-12s", what);
	for (size_t i = 0; i < length; i++)
		printf("%02x", data[i]);
	printf("\n");
}

static void lock(const uint8_t *key, size_t length)
{
	uint8_t nonce[24], mac[16], plain[300], sealed[300], opened[300];

	fill(nonce, sizeof(nonce));
	fill(plain, length);
	crypto_aead_lock(sealed, mac, key, nonce, nonce, sizeof(nonce), plain, length);
	print("sealed", sealed, length);
	print("mac", mac, sizeof(mac));
	printf("opens %d",
	       crypto_aead_unlock(opened, mac, key, nonce, nonce, sizeof(nonce), sealed, length));
	mac[0] ^= 1;
	printf(" %d\n",
	       crypto_aead_unlock(opened, mac, key, nonce, nonce, sizeof(nonce), sealed, length));
}

static void sign(const uint8_t *message, size_t length)
{
	uint8_t seed[32], secret[64], public_key[32], signature[64];

	fill(seed, sizeof(seed));
	crypto_ed25519_key_pair(secret, public_key, seed);
	crypto_ed25519_sign(signature, secret, message, length);
	print("signature", signature, sizeof(signature));
	printf("holds %d\n", crypto_ed25519_check(signature, public_key, message, length));
}

int main(void)
{
	uint8_t key[32], other[32], shared[32], public_key[32], message[300], hash[64];

	fill(key, sizeof(key));
	fill(other, sizeof(other));
	for (size_t length = 0; length <= sizeof(message); length += 37) {
		fill(message, length);
		crypto_blake2b(hash, sizeof(hash), message, length);
		print("blake2b", hash, sizeof(hash));
		crypto_sha512(hash, message, length);
		print("sha512", hash, sizeof(hash));
		lock(key, length);
		sign(message, length);
	}
	crypto_x25519_public_key(public_key, other);
	crypto_x25519(shared, key, public_key);
	print("x25519", shared, sizeof(shared));
	{
		const crypto_argon2_config config = {CRYPTO_ARGON2_ID, 256, 2, 1};
		const crypto_argon2_inputs inputs = {message, other, 20, 16};
		void *work = malloc(256 * 1024);

		crypto_argon2(hash, 32, work, config, inputs, crypto_argon2_no_extras);
		print("argon2id", hash, 32);
		free(work);
	}
	return 0;
}
