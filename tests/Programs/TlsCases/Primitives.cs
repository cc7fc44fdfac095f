using System.Security.Cryptography;
using System.Text;

/// <summary>Digests, codes, ciphers, keys: each result is known, or is what a round trip must give.</summary>
internal static class Primitives
{
    private static readonly byte[] s_text = Encoding.ASCII.GetBytes("abc"), s_key = [.. Enumerable.Range(0, 32).Select(i => (byte)i)];

    public static IEnumerable<(string Name, Func<Task<string>> Run)> All =>
    [
        Case("random octets", Random),
        Case("a random number below 10", () => RandomNumberGenerator.GetInt32(10) is >= 0 and < 10),
        Case("Guid.NewGuid twice", () => Guid.NewGuid() != Guid.NewGuid()),
        Case("MD5", () => Convert.ToHexString(MD5.HashData(s_text))),
        Case("SHA-1", () => Convert.ToHexString(SHA1.HashData(s_text))),
        Case("SHA-256", () => Convert.ToHexString(SHA256.HashData(s_text))),
        Case("SHA-384", () => Convert.ToHexString(SHA384.HashData(s_text))),
        Case("SHA-512", () => Convert.ToHexString(SHA512.HashData(s_text))),
        Case("SHA3-256", () => SHA3_256.IsSupported ? Convert.ToHexString(SHA3_256.HashData(s_text)) : "none"),
        Case("SHA-256 of a stream in pieces", InPieces),
        Case("HMAC-SHA-256", () => Convert.ToHexString(HMACSHA256.HashData(s_key, s_text))),
        Case("HMAC-SHA-512", () => Convert.ToHexString(HMACSHA512.HashData(s_key, s_text))),
        Case("PBKDF2", () => Convert.ToHexString(Rfc2898DeriveBytes.Pbkdf2("password", s_key, 1000, HashAlgorithmName.SHA256, 32))),
        Case("HKDF", () => Convert.ToHexString(HKDF.DeriveKey(HashAlgorithmName.SHA256, s_key, 42, s_text, s_text))),
        Case("AES-CBC", Cbc),
        Case("AES-GCM", Gcm),
        Case("AES-GCM, altered", GcmAltered),
        Case("AES-CCM", Ccm),
        Case("ChaCha20-Poly1305", ChaCha),
        Case("RSA signature", RsaSign),
        Case("RSA-PSS, altered", RsaAltered),
        Case("RSA-OAEP", RsaEncrypt),
        Case("RSA key as PEM and back", RsaPem),
        Case("ECDSA", Ecdsa),
        Case("ECDH", Ecdh),
        Case("ECDSA of a curve unknown", () => ECDsa.Create(ECCurve.CreateFromFriendlyName("nowhere")).KeySize),
    ];

    public static (string, Func<Task<string>>) Case<T>(string name, Func<T> run) => (name, () => Task.FromResult(Convert.ToString(run(), System.Globalization.CultureInfo.InvariantCulture) ?? ""));

    private static bool Random()
    {
        byte[] first = RandomNumberGenerator.GetBytes(64), second = RandomNumberGenerator.GetBytes(64);
        return !first.AsSpan().SequenceEqual(second) && first.Distinct().Count() > 16;
    }

    private static string InPieces()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (byte octet in s_text) hash.AppendData([octet]);
        return Convert.ToHexString(hash.GetHashAndReset());
    }

    private static string Cbc()
    {
        using var aes = Aes.Create();
        aes.Key = s_key;
        byte[] sealedText = aes.EncryptCbc(s_text, s_key[..16]);
        return $"{Convert.ToHexString(sealedText)} {Encoding.ASCII.GetString(aes.DecryptCbc(sealedText, s_key[..16]))}";
    }

    private static string Gcm()
    {
        using var aes = new AesGcm(s_key, 16);
        byte[] sealedText = new byte[3], tag = new byte[16], opened = new byte[3];
        aes.Encrypt(s_key[..12], s_text, sealedText, tag, s_key);
        aes.Decrypt(s_key[..12], sealedText, tag, opened, s_key);
        return $"{Convert.ToHexString(sealedText)} {Convert.ToHexString(tag)} {Encoding.ASCII.GetString(opened)}";
    }

    private static string GcmAltered()
    {
        using var aes = new AesGcm(s_key, 16);
        byte[] sealedText = new byte[3], tag = new byte[16];
        aes.Encrypt(s_key[..12], s_text, sealedText, tag);
        tag[5] ^= 1;
        aes.Decrypt(s_key[..12], sealedText, tag, new byte[3]);
        return "accepted";
    }

    private static string Ccm()
    {
        using var aes = new AesCcm(s_key);
        byte[] sealedText = new byte[3], tag = new byte[16];
        aes.Encrypt(s_key[..12], s_text, sealedText, tag);
        return $"{Convert.ToHexString(sealedText)} {Convert.ToHexString(tag)}";
    }

    private static string ChaCha()
    {
        using var cipher = new ChaCha20Poly1305(s_key);
        byte[] sealedText = new byte[3], tag = new byte[16];
        cipher.Encrypt(s_key[..12], s_text, sealedText, tag);
        return $"{Convert.ToHexString(sealedText)} {Convert.ToHexString(tag)}";
    }

    private static bool RsaSign()
    {
        using var rsa = RSA.Create(2048);
        byte[] signature = rsa.SignData(s_text, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        return rsa.VerifyData(s_text, signature, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
    }

    private static bool RsaAltered()
    {
        using var rsa = RSA.Create(2048);
        byte[] signature = rsa.SignData(s_text, HashAlgorithmName.SHA256, RSASignaturePadding.Pss);
        return rsa.VerifyData(s_key, signature, HashAlgorithmName.SHA256, RSASignaturePadding.Pss);
    }

    private static string RsaEncrypt()
    {
        using var rsa = RSA.Create(2048);
        return Encoding.ASCII.GetString(rsa.Decrypt(rsa.Encrypt(s_text, RSAEncryptionPadding.OaepSHA256), RSAEncryptionPadding.OaepSHA256));
    }

    private static bool RsaPem()
    {
        using RSA rsa = RSA.Create(2048), other = RSA.Create();
        other.ImportFromPem(rsa.ExportPkcs8PrivateKeyPem());
        return other.VerifyData(s_text, rsa.SignData(s_text, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
    }

    private static string Ecdsa()
    {
        using var ec = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        byte[] signature = ec.SignData(s_text, HashAlgorithmName.SHA256);
        return $"{ec.VerifyData(s_text, signature, HashAlgorithmName.SHA256)} {ec.VerifyData(s_key, signature, HashAlgorithmName.SHA256)}";
    }

    private static bool Ecdh()
    {
        using ECDiffieHellman one = ECDiffieHellman.Create(ECCurve.NamedCurves.nistP384), other = ECDiffieHellman.Create(ECCurve.NamedCurves.nistP384);
        return one.DeriveKeyFromHash(other.PublicKey, HashAlgorithmName.SHA256).AsSpan().SequenceEqual(other.DeriveKeyFromHash(one.PublicKey, HashAlgorithmName.SHA256));
    }
}
