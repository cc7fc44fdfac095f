/* CC64 in C, so that nobody can say the reference is slow: each octet is copied and summed once on either side. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <x86intrin.h>

enum { SEGMENT = 1460, SLOT = 2048, HEADERS = 54, SLOTS = 44 };

/* The one's complement sum with 64-bit add-with-carry (RFC 1071 2(C)): one chain of carries, eight words a turn. */
static uint64_t sum64(const uint8_t *p, size_t n)
{
    unsigned long long sum = 0, w[8];
    unsigned char carry = 0;
    for (; n >= 64; n -= 64, p += 64) {
        memcpy(w, p, 64);
        carry = _addcarry_u64(0, sum, w[0], &sum);
        carry = _addcarry_u64(carry, sum, w[1], &sum);
        carry = _addcarry_u64(carry, sum, w[2], &sum);
        carry = _addcarry_u64(carry, sum, w[3], &sum);
        carry = _addcarry_u64(carry, sum, w[4], &sum);
        carry = _addcarry_u64(carry, sum, w[5], &sum);
        carry = _addcarry_u64(carry, sum, w[6], &sum);
        carry = _addcarry_u64(carry, sum, w[7], &sum);
        sum += carry;
    }
    for (; n >= 8; n -= 8, p += 8) {
        memcpy(w, p, 8);
        carry = _addcarry_u64(0, sum, w[0], &sum);
        sum += carry;
    }
    w[0] = 0;
    memcpy(w, p, n);
    carry = _addcarry_u64(0, sum, w[0], &sum);
    return sum + carry;
}

/* One pass, 32 octets at a time: lanes are added whole, their high halves apart, so that no carry is lost. */
__attribute__((target("avx2"))) static uint64_t copy_sum_avx2(uint8_t *d, const uint8_t *s, size_t n)
{
    __m256i a = _mm256_setzero_si256(), h = a, b = a, g = a;
    size_t i = 0;
    for (; i + 64 <= n; i += 64) {
        __m256i x = _mm256_loadu_si256((const __m256i *)(s + i)), y = _mm256_loadu_si256((const __m256i *)(s + i + 32));
        _mm256_storeu_si256((__m256i *)(d + i), x);
        _mm256_storeu_si256((__m256i *)(d + i + 32), y);
        a = _mm256_add_epi64(a, x);
        h = _mm256_add_epi64(h, _mm256_srli_epi64(x, 32));
        b = _mm256_add_epi64(b, y);
        g = _mm256_add_epi64(g, _mm256_srli_epi64(y, 32));
    }
    uint64_t all[4], high[4], sum = 0, top = 0;
    _mm256_storeu_si256((__m256i *)all, _mm256_add_epi64(a, b));
    _mm256_storeu_si256((__m256i *)high, _mm256_add_epi64(h, g));
    for (int k = 0; k < 4; k++) {
        sum += all[k];
        top += high[k];
    }
    sum -= top << 32;
    memcpy(d + i, s + i, n - i);
    unsigned long long total = sum;
    unsigned char c = _addcarry_u64(0, total, top, &total);
    total += c;
    c = _addcarry_u64(0, total, sum64(s + i, n - i), &total);
    return total + c;
}

/* A window's worth of segments goes over a wire of slots; returns how many arrived wrong. */
int64_t morgana_cc64(const uint8_t *source, uint8_t *wire, uint8_t *sink, int64_t windows)
{
    uint64_t sums[SLOTS];
    int64_t wrong = 0;
    for (; windows > 0; windows--) {
        for (int i = 0; i < SLOTS; i++) {
            uint8_t *frame = wire + i * SLOT + HEADERS;
            memcpy(frame, source + i * SEGMENT, SEGMENT);
            sums[i] = sum64(frame, SEGMENT);
        }
        for (int i = 0; i < SLOTS; i++) {
            const uint8_t *frame = wire + i * SLOT + HEADERS;
            wrong += sum64(frame, SEGMENT) != sums[i];
            memcpy(sink + i * SLOT, frame, SEGMENT);
        }
        __asm__ volatile("" ::: "memory");
    }
    return wrong;
}

int64_t morgana_cc_avx2(const uint8_t *source, uint8_t *wire, uint8_t *sink, int64_t windows)
{
    uint64_t sums[SLOTS];
    int64_t wrong = 0;
    if (!__builtin_cpu_supports("avx2")) return -1;
    for (; windows > 0; windows--) {
        for (int i = 0; i < SLOTS; i++) sums[i] = copy_sum_avx2(wire + i * SLOT + HEADERS, source + i * SEGMENT, SEGMENT);
        for (int i = 0; i < SLOTS; i++) wrong += copy_sum_avx2(sink + i * SLOT, wire + i * SLOT + HEADERS, SEGMENT) != sums[i];
        __asm__ volatile("" ::: "memory");
    }
    return wrong;
}
