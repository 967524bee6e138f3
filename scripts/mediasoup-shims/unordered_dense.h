// ankerl::unordered_dense, which Debian has not, as far as mediasoup uses it: the containers of the standard library.
#pragma once
#include <functional>
#include <unordered_map>
#include <unordered_set>
namespace ankerl::unordered_dense
{
	template<class T>
	using hash = std::hash<T>;
	template<class K, class V, class H = std::hash<K>, class Eq = std::equal_to<K>>
	using map = std::unordered_map<K, V, H, Eq>;
	template<class K, class H = std::hash<K>, class Eq = std::equal_to<K>>
	using set = std::unordered_set<K, H, Eq>;
} // namespace ankerl::unordered_dense
