#pragma once
// The libsrtp 3.0-beta API subset used by mediasoup, over libsrtp 2.x.
#include <cstdint>
#include <cstring>
#include <new>
#define srtp_policy_t srtp2_policy_t
#include <srtp2/srtp.h>
#undef srtp_policy_t

inline constexpr auto srtp_err_status_buffer_small = static_cast<srtp_err_status_t>(28);
inline constexpr auto srtp_err_status_cryptex_err  = static_cast<srtp_err_status_t>(29);

struct srtp3_policy
{
	srtp2_policy_t p{};
	unsigned char key[SRTP_MAX_KEY_LEN]{};
};
using srtp_policy_t = srtp3_policy*;

inline srtp_err_status_t srtp_policy_create(srtp_policy_t* policy)
{
	*policy = new (std::nothrow) srtp3_policy();
	return *policy ? srtp_err_status_ok : srtp_err_status_alloc_fail;
}
inline void srtp_policy_destroy(srtp_policy_t policy)
{
	delete policy;
}
inline srtp_err_status_t srtp_policy_set_ssrc(srtp_policy_t policy, srtp_ssrc_t ssrc)
{
	policy->p.ssrc = ssrc;
	return srtp_err_status_ok;
}
inline srtp_err_status_t srtp_policy_set_profile(srtp_policy_t policy, srtp_profile_t profile)
{
	const auto err = srtp_crypto_policy_set_from_profile_for_rtp(&policy->p.rtp, profile);
	return err ? err : srtp_crypto_policy_set_from_profile_for_rtcp(&policy->p.rtcp, profile);
}
inline srtp_err_status_t srtp_policy_add_key(
  srtp_policy_t policy, const uint8_t* key, size_t keyLen, const uint8_t* salt, size_t saltLen,
  const uint8_t* /*mki*/, size_t mkiLen)
{
	if (mkiLen != 0 || keyLen + saltLen > sizeof(policy->key))
	{
		return srtp_err_status_bad_param;
	}
	std::memcpy(policy->key, key, keyLen);
	std::memcpy(policy->key + keyLen, salt, saltLen);
	policy->p.key = policy->key;
	return srtp_err_status_ok;
}
inline srtp_err_status_t srtp_policy_set_allow_repeat_tx(srtp_policy_t policy, bool allow)
{
	policy->p.allow_repeat_tx = allow ? 1 : 0;
	return srtp_err_status_ok;
}
inline srtp_err_status_t srtp_policy_set_window_size(srtp_policy_t policy, size_t size)
{
	policy->p.window_size = size;
	return srtp_err_status_ok;
}
inline srtp_err_status_t srtp_create(srtp_t* session, srtp_policy_t policy)
{
	return srtp_create(session, static_cast<const srtp2_policy_t*>(&policy->p));
}
inline srtp_err_status_t srtp_stream_remove(srtp_t session, uint32_t ssrc)
{
	return srtp_remove_stream(session, ssrc);
}

#define MS_SRTP3_OVER_SRTP2(FUNC, EXTRA, ...)                                               \
	inline srtp_err_status_t FUNC(                                                            \
	  srtp_t ctx, const uint8_t* in, size_t inLen, uint8_t* out, size_t* outLen __VA_ARGS__)  \
	{                                                                                         \
		if (*outLen < inLen + (EXTRA))                                                          \
		{                                                                                       \
			return srtp_err_status_buffer_small;                                                  \
		}                                                                                       \
		if (out != in)                                                                          \
		{                                                                                       \
			std::memmove(out, in, inLen);                                                         \
		}                                                                                       \
		int len        = static_cast<int>(inLen);                                               \
		const auto err = FUNC(ctx, static_cast<void*>(out), &len);                              \
		if (err == srtp_err_status_ok)                                                          \
		{                                                                                       \
			*outLen = static_cast<size_t>(len);                                                   \
		}                                                                                       \
		return err;                                                                             \
	}
MS_SRTP3_OVER_SRTP2(srtp_protect, SRTP_MAX_TAG_LEN, , size_t /*mki_index*/)
MS_SRTP3_OVER_SRTP2(srtp_protect_rtcp, SRTP_MAX_TAG_LEN + 4, , size_t /*mki_index*/)
MS_SRTP3_OVER_SRTP2(srtp_unprotect, 0)
MS_SRTP3_OVER_SRTP2(srtp_unprotect_rtcp, 0)
#undef MS_SRTP3_OVER_SRTP2
